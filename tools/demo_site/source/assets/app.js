// Copyright: slipway.aws contributors
// SPDX-License-Identifier: GPL-3.0-or-later
for (const link of document.querySelectorAll("nav a")) {
  if (link.pathname === location.pathname) {
    link.setAttribute("aria-current", "page");
  }
}
const seconds = document.getElementById("seconds");
if (seconds) {
  const opened = Date.now();
  setInterval(() => {
    seconds.textContent = Math.round((Date.now() - opened) / 1000);
  }, 1000);
}
