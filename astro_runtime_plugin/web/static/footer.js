// Draws the footer on a page of the web server for whoever is logged in; whatever fails draws nothing.
(() => {
  "use strict";

  const ID = "astro-runtime-footer";
  const here = document.currentScript.src;
  const SEPARATOR = " · ";

  // A page within a page of ours: the outer one shows the footer.
  const framedByUs = () => {
    try {
      return window.parent !== window && window.parent.location.origin === window.location.origin;
    } catch {
      return false; // another site's page, which has no footer
    }
  };

  const element = (name, attributes, ...children) => {
    const made = document.createElement(name);
    Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
    made.append(...children);
    return made;
  };

  // `bdi`, so that each keeps its own order of letters in a right-to-left page.
  const fact = (label, value) => element("bdi", {}, `${label} ${value}`);

  const link = ({ name, url }) =>
    element("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, element("bdi", {}, name));

  const separated = (parts) => parts.flatMap((part, place) => (place ? [SEPARATOR, part] : [part]));

  const footer = (runtime) => {
    const facts = [
      fact("Runtime", runtime.release),
      fact("image", runtime.image_tag),
      fact("Airflow", runtime.airflow_version),
    ];
    const links = runtime.links.filter(({ url }) => /^https?:\/\//i.test(url)).map(link);
    return element(
      "footer",
      { id: ID, "data-image-tag": runtime.image_tag, "aria-label": "Runtime" },
      element("div", {}, ...separated(facts)),
      " ",
      element("nav", { "aria-label": "Resources" }, ...separated(links)),
    );
  };

  // The style sheet comes first, so that the page is laid out once.
  const styled = () =>
    new Promise((resolve, reject) => {
      const sheet = element("link", { rel: "stylesheet", href: new URL("footer.css", here) });
      sheet.onload = resolve;
      sheet.onerror = reject;
      document.head.append(sheet);
    });

  const draw = async () => {
    if (framedByUs() || document.getElementById(ID)) return;
    const answer = await fetch(new URL("../api/runtime", here), { headers: { Accept: "application/json" } });
    const told = await answer.text(); // what no cache takes and nobody reads keeps its connection busy
    if (answer.status !== 200) return;
    const drawn = footer(JSON.parse(told));
    await styled();
    document.body.append(drawn, element("script", { src: new URL("notices.js", here) }));
  };

  draw().catch(() => {});
})();
