// Draws the notices at the top of a page for whoever is logged in; whatever fails draws nothing.
(() => {
  "use strict";

  const ID = "astro-runtime-notices";
  const MINUTE = 60_000; // ms
  const HOUR = 60 * MINUTE;
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

  // With 0 days a notice comes back with the next page.
  const dismissal = (days) => (days ? `Dismiss for ${days} ${days === 1 ? "day" : "days"}` : "Dismiss");

  const row = ({ id, level, text, url }, days) => {
    const role = level === "info" ? "status" : "alert";
    const label = dismissal(days);
    const button = element("button", { type: "button", title: label, "aria-label": label }, "×");
    const parts = [element("span", {}, text), ...(/^https?:\/\//i.test(url ?? "") ? [link(url)] : []), button];
    const made = element("div", { role, "data-level": level, "data-notice": id }, ...parts);
    button.onclick = async () => {
      const answer = await dismissed(id).catch(() => null);
      if (answer?.ok) made.remove();
    };
    return made;
  };

  // The style sheet comes first, so that the page is laid out once.
  let sheet;
  const styled = () => {
    sheet ??= new Promise((resolve, reject) => {
      const made = element("link", { rel: "stylesheet", href: new URL("notices.css", script.src) });
      made.onload = resolve;
      made.onerror = () => {
        made.remove();
        sheet = undefined; // the next time it is asked for again
        reject();
      };
      document.head.append(made);
    });
    return sheet;
  };

  const place = (drawn) => {
    const top = document.querySelector("body > header"); // Flask-AppBuilder's, which lies above its page
    if (top) top.after(drawn);
    else document.body.prepend(drawn);
  };

  let asked; // when
  let told;
  const draw = async () => {
    asked = Date.now();
    const answer = await fetch(api, { headers });
    const text = await answer.text();
    if (answer.status !== 200 || text === told) return; // a screen reader would say again what has not changed
    const { notices, dismissal_days: days } = JSON.parse(text);
    const rows = notices.map((notice) => row(notice, days));
    if (rows.length) await styled();
    document.getElementById(ID)?.remove();
    if (rows.length) place(element("section", { id: ID, "aria-label": "Notices" }, ...rows));
    told = text;
  };

  // A page of Airflow 3 may be open for weeks. The clock is looked at each minute: timers stand still in a computer that
  // sleeps, and a hidden page asks when it is seen again.
  const drawHourly = () => {
    if (!document.hidden && Date.now() - asked >= HOUR) draw().catch(() => {});
  };
  setInterval(drawHourly, MINUTE);
  document.addEventListener("visibilitychange", drawHourly);
  draw().catch(() => {});
})();
