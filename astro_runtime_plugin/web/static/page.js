// The Runtime page on Airflow 3: a component of the host's React that shows the HTML which the server has drawn.
(() => {
  "use strict";

  const { createElement, useEffect, useState } = globalThis.React;
  const prefix = new URL("./astro-runtime/", document.baseURI);
  const REFUSED = "You may not see this page: it is for those who may see connections, as Admin and Op.";

  const asked = async () => {
    const answer = await fetch(new URL("page", prefix), { headers: { Accept: "text/html" } });
    const html = await answer.text(); // what no cache takes and nobody reads keeps its connection busy
    if (answer.status === 403) return { text: REFUSED };
    if (!answer.ok) return { text: `The Runtime page cannot be had: ${answer.status}.` };
    return { html };
  };

  const Page = () => {
    const [shown, show] = useState({ text: "…" });
    useEffect(() => {
      asked().catch((error) => ({ text: String(error) })).then(show);
    }, []);
    const sheet = createElement("link", { rel: "stylesheet", href: new URL("static/page.css", prefix).href });
    const within = shown.html
      ? createElement("div", { dangerouslySetInnerHTML: { __html: shown.html } })
      : createElement("p", { role: "status" }, shown.text);
    return createElement("div", { className: "astro-runtime-around" }, sheet, within);
  };

  // The name that airflow3.py gives the page: Airflow's loader (ui/src/pages/ReactPlugin.tsx) looks for it first, and
  // then for `AirflowPlugin`, which another plugin's bundle may set at the same time.
  globalThis.Runtime = Page;
})();
