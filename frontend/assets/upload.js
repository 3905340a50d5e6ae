// Dash's Upload gives its file input no name; a screen reader needs one, and what is shown in its place has it.
new MutationObserver(() => {
    for (const input of document.querySelectorAll(".upload input[type=file]:not([aria-label])")) {
        input.setAttribute("aria-label", input.parentElement.textContent);
    }
}).observe(document.documentElement, {childList: true, subtree: true});
