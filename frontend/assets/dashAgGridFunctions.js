// How AG Grid writes and orders what Python hands it: amounts arrive as exact text.
var dagfuncs = (window.dashAgGridFunctions = window.dashAgGridFunctions || {});

const NONE = "–";
const cents = new Intl.NumberFormat("en-US", {minimumFractionDigits: 2, maximumFractionDigits: 2});
const missing = (value) => value === null || value === undefined || value === "";

// An amount as [sign and whole part with thousands set apart, cents, every further digit], without going through a float.
dagfuncs.digits = function (value) {
    const [whole, fraction = ""] = String(value).split(".");
    return [whole.replace(/\B(?=(\d{3})+(?!\d))/g, ","), fraction.slice(0, 2).padEnd(2, "0"), fraction.slice(2)];
};

dagfuncs.exact = function (value) {
    if (missing(value)) return null;
    const [whole, fraction] = String(value).split(".");
    const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
    return fraction === undefined ? grouped : `${grouped}.${fraction}`;
};

dagfuncs.readable = function (value) {
    if (missing(value)) return NONE;
    const number = Number(value);
    if (number !== 0 && Math.abs(number) < 0.005) return number > 0 ? "< 0.01" : "> -0.01";
    return cents.format(number);
};

dagfuncs.percentage = (value) => (missing(value) ? NONE : `${Number(value).toLocaleString("en-US", {minimumFractionDigits: 1})}%`);

dagfuncs.count = (value) => (missing(value) ? NONE : Number(value).toLocaleString("en-US"));

dagfuncs.byAmount = (a, b) => (missing(a) ? -Infinity : Number(a)) - (missing(b) ? -Infinity : Number(b)) || 0;
