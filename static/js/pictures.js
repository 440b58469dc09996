// Pictures: choosing one for a field, and sending one with its progress, by button or by dropping.

let field = null; // the text area that asked

document.addEventListener("click", (event) => {
  const asks = event.target.closest("[data-choose]");
  if (asks) field = document.getElementById(asks.dataset.choose);
  const picture = event.target.closest("dialog [data-picture]");
  if (!picture || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  choose(picture.dataset.picture);
});

const choose = (address) => {
  const dialog = document.getElementById("dialog");
  if (!field || !dialog?.open) {
    location.reload();
    return;
  }
  field.value = address;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  dialog.close();
  field.focus();
};

const tell = (form, message) => {
  const place = form.querySelector("[data-error]");
  place.textContent = message;
  place.hidden = !message;
};

const send = (form, file) => {
  const bar = form.querySelector("progress");
  const failed = form.closest("[data-pictures]").dataset.failed;
  const body = new FormData();
  body.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  body.append("file", file);
  const request = new XMLHttpRequest();
  request.responseType = "json";
  request.open("POST", form.dataset.add);
  request.upload.addEventListener("progress", (event) => {
    if (event.lengthComputable) bar.value = (event.loaded / event.total) * 100;
  });
  request.addEventListener("load", () => {
    bar.hidden = true;
    if (request.status === 201) choose(request.response.url);
    else tell(form, request.response?.message ?? failed);
  });
  request.addEventListener("error", () => {
    bar.hidden = true;
    tell(form, failed);
  });
  bar.value = 0;
  bar.hidden = false;
  tell(form, "");
  request.send(body);
};

document.addEventListener(
  "submit",
  (event) => {
    const form = event.target.closest("[data-add]");
    if (!form) return;
    event.preventDefault();
    const [file] = form.elements.file.files;
    if (file) send(form, file);
  },
  true,
);

document.addEventListener("change", (event) => {
  const form = event.target.closest("[data-add]");
  if (form && event.target.files?.length) send(form, event.target.files[0]);
});

for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    const form = event.target.closest?.("[data-add]");
    if (!form) return;
    event.preventDefault();
    form.classList.toggle("is-over", kind === "dragover");
    if (kind === "drop" && event.dataTransfer.files.length) send(form, event.dataTransfer.files[0]);
  });
}
