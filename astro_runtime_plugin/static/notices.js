// Draws the notices at the top of a page for whoever is logged in; whatever fails draws nothing.
(() => {
  "use strict";

  const ID = "astro-runtime-notices";
  const script = document.currentScript;
  const api = new URL("../api/notices", script.src);
  const headers = { Accept: "application/json", "Content-Type": "application/json" };
  if (script.dataset.csrfToken) headers["X-CSRFToken"] = script.dataset.csrfToken; // Airflow 2 asks for it

  const element = (name, attributes, ...children) => {
    const made = document.createElement(name);
    Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
    made.append(...children);
    return made;
  };

  const dismissed = (id) => fetch(api, { method: "POST", headers, body: JSON.stringify({ notice: id }) });

  const link = (url) =>
    element("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, "Read more");

  const row = ({ id, level, text, url }, days) => {
    const role = level === "info" ? "status" : "alert";
    const button = element("button", { type: "button", title: `Dismiss for ${days} days` }, "×");
    button.setAttribute("aria-label", `Dismiss for ${days} days`);
    const parts = [element("span", {}, text), ...(/^https?:\/\//i.test(url ?? "") ? [link(url)] : []), button];
    const made = element("div", { role, "data-level": level, "data-notice": id }, ...parts);
    button.onclick = async () => {
      const answer = await dismissed(id).catch(() => null);
      if (answer?.ok) made.remove();
    };
    return made;
  };

  // The style sheet comes first, so that the page is laid out once.
  const styled = () =>
    new Promise((resolve, reject) => {
      const sheet = element("link", { rel: "stylesheet", href: new URL("notices.css", script.src) });
      sheet.onload = resolve;
      sheet.onerror = reject;
      document.head.append(sheet);
    });

  const draw = async () => {
    const answer = await fetch(api, { headers });
    if (answer.status !== 200 || document.getElementById(ID)) return;
    const { notices, dismissal_days: days } = await answer.json();
    if (!notices.length) return;
    const rows = notices.map((notice) => row(notice, days));
    await styled();
    const drawn = element("section", { id: ID, "aria-label": "Notices" }, ...rows);
    const top = document.querySelector("body > header"); // Flask-AppBuilder's, which lies above its page
    if (top) top.after(drawn);
    else document.body.prepend(drawn);
  };

  draw().catch(() => {});
})();
