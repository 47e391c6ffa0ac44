/* The demo's mailbox: the frame is as tall as the mail in it. Scripts of the mail itself never run (sandbox). */

const frame = document.querySelector("iframe.mail");

function fit() {
  const mail = frame.contentDocument?.documentElement;
  if (!mail) return;
  frame.style.height = "0"; // a document is never less tall than its frame
  frame.style.height = `${mail.scrollHeight}px`;
}

frame?.addEventListener("load", fit);
addEventListener("resize", fit);
if (frame?.contentDocument?.readyState === "complete") fit();
