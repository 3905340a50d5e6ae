// Cells that are more than text.
var dagcomponentfuncs = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});

// A real link: keyboard, middle click and history work.
dagcomponentfuncs.CellLink = function (props) {
    const shown = props.valueFormatted ?? props.value;
    return linked(props, shown, "cell-link");
};

// What a cell shows, as a link if its row has one for it. An amount leads to its explanation.
function linked(props, shown, className) {
    const href = props.data[props.hrefField];
    if (!href || props.value === null || props.value === undefined) return shown;
    const attributes = {href: href + (props.query || ""), className: className};
    if (href.startsWith("/explain")) attributes.title = "Explain";
    return React.createElement(window.dash_core_components.Link, attributes, shown);
}

// Every digit of an amount, the ones after the cents in grey and in a column of their own, so that points line up.
dagcomponentfuncs.ExactAmount = function (props) {
    if (props.value === null || props.value === undefined) return "–";
    const [whole, cents, further] = window.dashAgGridFunctions.digits(props.value);
    const amount = React.createElement(
        "span",
        {className: "exact", "data-exact": props.value},
        React.createElement("span", null, `${whole}.${cents}`),
        React.createElement("span", {className: "exact-further"}, further)
    );
    return linked(props, amount, "explain");
};

// A percentage and a bar of it; beyond the whole a sign says so as well as the colour.
dagcomponentfuncs.ShareBar = function (props) {
    if (props.value === null || props.value === undefined) return "–";
    const used = Number(props.value);
    const words = (used > 100 ? "✗ " : "") + window.dashAgGridFunctions.percentage(props.value);
    const fill = React.createElement("span", {
        className: used > 100 ? "bar-fill over" : "bar-fill",
        style: {width: `${Math.min(Math.max(used, 0), 100)}%`},
    });
    return React.createElement(
        "span",
        {className: "share"},
        React.createElement("span", {className: "bar", "aria-hidden": "true"}, fill),
        React.createElement("span", null, words)
    );
};
