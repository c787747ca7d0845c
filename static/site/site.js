// Small comforts. Every page works without this file.

// A second press of a button must not send a form twice.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  const button = event.submitter;
  // The browser collects the form after this event: disabling at once would drop the button's value.
  setTimeout(() => button && (button.disabled = true), 0);
});
window.addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("button[disabled]")) button.disabled = false;
});

// Take the reader to what is wrong, after the browser has gone to the address's #place.
window.addEventListener("load", () => {
  setTimeout(() => document.querySelector("[data-focus]")?.focus(), 50);
});

// Filters act as soon as something is chosen.
for (const form of document.querySelectorAll("form[data-auto]")) {
  form.addEventListener("change", () => form.requestSubmit());
}

// --- Photos of a house, full size ---------------------------------------------------------------

const gallery = document.querySelector("[data-gallery]");
if (gallery && window.HTMLDialogElement) {
  gallery.classList.add("gallery--cut");
  const links = [...gallery.querySelectorAll("a")];
  const box = document.querySelector("#lightbox");
  const picture = box.querySelector("img");
  const words = box.querySelector("p");
  let at = 0;
  const show = (index) => {
    at = (index + links.length) % links.length;
    picture.src = links[at].href;
    picture.alt = links[at].querySelector("img").alt;
    words.textContent = `${at + 1} of ${links.length}. ${picture.alt}`;
  };
  links.forEach((link, index) => link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    show(index);
    box.showModal();
  }));
  box.querySelector("[data-back]").addEventListener("click", () => show(at - 1));
  box.querySelector("[data-on]").addEventListener("click", () => show(at + 1));
  box.querySelector("[data-close]").addEventListener("click", () => box.close());
  box.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") show(at - 1);
    if (event.key === "ArrowRight") show(at + 1);
  });
  const more = document.querySelector("[data-all-photos]");
  if (more) {
    more.hidden = false;
    more.addEventListener("click", () => links[0].click());
  }
}

// --- Photos in the owner's form -------------------------------------------------------------------

const photoList = document.querySelector("[data-photos]");
if (photoList) {
  const number = () => {
    photoList.querySelectorAll("input[name$='-position']").forEach((input, index) => { input.value = index + 1; });
  };
  photoList.addEventListener("click", (event) => {
    const button = event.target.closest("[data-move]");
    if (!button) return;
    const item = button.closest("li");
    const earlier = button.dataset.move === "earlier";
    const other = earlier ? item.previousElementSibling : item.nextElementSibling;
    if (!other) return;
    earlier ? other.before(item) : other.after(item);
    number();
    button.focus();
  });
  for (const buttons of photoList.querySelectorAll("[data-move-buttons]")) buttons.hidden = false;
}

const uploads = document.querySelector("input[type=file][data-max-bytes]");
if (uploads) {
  const list = document.querySelector("#chosen-photos");
  const allowed = uploads.accept.split(",");
  const faultOf = (file) => {
    if (!allowed.includes(file.type)) return "not a JPEG, PNG or WebP";
    return file.size > Number(uploads.dataset.maxBytes) ? "larger than 10 MB" : "";
  };
  uploads.addEventListener("change", () => {
    const lines = [...uploads.files].map((file) => [file.name, faultOf(file)]);
    if (lines.length > 20) lines.unshift([`${lines.length} photos`, "20 are the most"]);
    list.replaceChildren(...lines.map(([name, fault]) => {
      const item = document.createElement("li");
      item.textContent = fault ? `${name}: ${fault}` : name;
      if (fault) item.className = "errorlist";
      return item;
    }));
  });
  // Sending them would cost minutes, and the browser would forget the good ones too.
  uploads.form.addEventListener("submit", (event) => {
    if (!list.querySelector(".errorlist")) return;
    event.preventDefault();
    uploads.focus();
    uploads.scrollIntoView({ block: "center" });
  });
}
