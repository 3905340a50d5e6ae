// A page is drawn anew when its URL changes. Whoever was in one of its inputs is put back there.
(function () {
    let held = null;
    const holder = (element) => element.closest("[id]:not([id^='mantine-']):not(main)");

    document.addEventListener("focusin", (event) => (held = holder(event.target)?.id));
    document.addEventListener("pointerdown", (event) => (held = holder(event.target)?.id));

    function putBack() {
        if (!held || document.activeElement !== document.body) return;
        const place = document.getElementById(held);
        const input = place?.matches("input, button") ? place : place?.querySelector("input:checked");
        input?.focus({preventScroll: true});
    }
    new MutationObserver(putBack).observe(document.documentElement, {childList: true, subtree: true});
})();
