// The Runtime page on Airflow 3: a component for the host's React that shows the HTML which the server renders.
(() => {
  "use strict";

  const { createElement, useEffect, useState } = globalThis.React;
  const prefix = new URL("./astro-runtime/", document.baseURI);
  const FORBIDDEN =
    "You may not view this page. It requires permission to view connections, the configuration, jobs and providers, which Admin and Op have.";

  const load = async () => {
    const response = await fetch(new URL("page", prefix), { headers: { Accept: "text/html" } });
    const html = await response.text(); // an uncached body that is never read keeps its connection busy
    if (response.status === 403) return { text: FORBIDDEN };
    if (!response.ok) return { text: `The Runtime page could not be loaded: HTTP ${response.status}.` };
    return { html };
  };

  const stylesheet = (name) =>
    createElement("link", { rel: "stylesheet", href: new URL(`static/${name}`, prefix).href });

  const Page = () => {
    const [content, setContent] = useState({ text: "…" });
    useEffect(() => {
      load().catch((error) => ({ text: String(error) })).then(setContent);
    }, []);
    const body = content.html
      ? createElement("div", { dangerouslySetInnerHTML: { __html: content.html } })
      : createElement("p", { role: "status" }, content.text);
    const stylesheets = [stylesheet("page.css"), stylesheet("page-airflow3.css")];
    return createElement("div", { className: "astro-runtime-container" }, ...stylesheets, body);
  };

  // Airflow's loader (ui/src/pages/ReactPlugin.tsx) looks for the name that airflow3.py gives the page first, and then
  // for `AirflowPlugin`, which another plugin's bundle may set at the same time.
  globalThis.Runtime = Page;
})();
