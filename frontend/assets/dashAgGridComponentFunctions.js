// Cells that are more than text.
var dagcomponentfuncs = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});

// A real link: keyboard, middle click and history work.
dagcomponentfuncs.CellLink = function (props) {
    const href = props.data[props.hrefField];
    if (!href) return props.value;
    return React.createElement(window.dash_core_components.Link, {href: href, className: "cell-link"}, props.value);
};

// Every digit of an amount, the ones after the cents in grey and in a column of their own, so that points line up.
dagcomponentfuncs.ExactAmount = function (props) {
    if (props.value === null || props.value === undefined) return "–";
    const [whole, cents, further] = window.dashAgGridFunctions.digits(props.value);
    return React.createElement(
        "span",
        {className: "exact", "data-exact": props.value},
        React.createElement("span", null, `${whole}.${cents}`),
        React.createElement("span", {className: "exact-further"}, further)
    );
};
