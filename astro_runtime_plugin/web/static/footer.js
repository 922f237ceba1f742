// Draws the footer on a page of the web server for logged-in users; if anything fails, it draws nothing.
(() => {
  "use strict";

  const ID = "astro-runtime-footer";
  const scriptUrl = document.currentScript.src;
  const SEPARATOR = " · ";
  const RETRY_DELAYS = [1000, 4000, 16000]; // milliseconds before the second, third and fourth attempt

  // A page embedded in another page of this site: the outer page shows the footer.
  const isEmbedded = () => {
    try {
      return window.parent !== window && window.parent.location.origin === window.location.origin;
    } catch {
      return false; // embedded in another site, which has no footer
    }
  };

  const createElement = (name, attributes, ...children) => {
    const element = document.createElement(name);
    Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
    element.append(...children);
    return element;
  };

  // `bdi` keeps the character order of each fact in a right-to-left page.
  const createFact = (label, value) => createElement("bdi", {}, `${label} ${value}`);

  const createLink = ({ name, url }) =>
    createElement("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, createElement("bdi", {}, name));

  const separate = (parts) => parts.flatMap((part, index) => (index ? [SEPARATOR, part] : [part]));

  const createFooter = (runtime) => {
    const facts = [
      createFact("Runtime", runtime.release),
      createFact("image", runtime.image_tag),
      createFact("Airflow", runtime.airflow_version),
    ];
    const links = runtime.links.filter(({ url }) => /^https?:\/\//i.test(url)).map(createLink);
    return createElement(
      "footer",
      { id: ID, "data-image-tag": runtime.image_tag, "aria-label": "Runtime" },
      createElement("div", {}, ...separate(facts)),
      " ",
      createElement("nav", { "aria-label": "Resources" }, ...separate(links)),
    );
  };

  // Loaded before the footer is added, so that the page is laid out once.
  const loadStylesheet = () =>
    new Promise((resolve, reject) => {
      const stylesheet = createElement("link", { rel: "stylesheet", href: new URL("footer.css", scriptUrl) });
      stylesheet.onload = resolve;
      stylesheet.onerror = reject;
      document.head.append(stylesheet);
    });

  const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

  // Throws if the network fails, and for an error of the server or a proxy: both may pass.
  const fetchOnce = async () => {
    const response = await fetch(new URL("../api/runtime", scriptUrl), { headers: { Accept: "application/json" } });
    const text = await response.text(); // an uncached body that is never read keeps its connection busy
    if (response.status >= 500) throw new Error(`status ${response.status}`);
    return response.status === 200 ? text : null;
  };

  // Resolves with the response's text, or null for a response that no other attempt would change.
  const fetchRuntime = async () => {
    for (const delay of RETRY_DELAYS) {
      try {
        return await fetchOnce();
      } catch {
        await sleep(delay);
      }
    }
    return fetchOnce();
  };

  const draw = async () => {
    if (isEmbedded() || document.getElementById(ID)) return;
    const text = await fetchRuntime();
    if (text === null || document.getElementById(ID)) return;
    const footer = createFooter(JSON.parse(text));
    await loadStylesheet();
    document.body.append(footer, createElement("script", { src: new URL("notices.js", scriptUrl) }));
  };

  draw().catch(() => {});
})();
