// Before anything is painted: the colour scheme that was chosen last, or the system's. Mantine keeps the choice here.
(function () {
    const chosen = window.localStorage.getItem("mantine-color-scheme-value") || "auto";
    const dark = chosen === "dark" || (chosen === "auto" && window.matchMedia("(prefers-color-scheme: dark)").matches);
    document.documentElement.setAttribute("data-mantine-color-scheme", dark ? "dark" : "light");
})();
