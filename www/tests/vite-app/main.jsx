import "bsmv/element";
import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";

function Draft() {
  const [bsmv, setBsmv] = useState();
  return (
    <>
      <textarea id="draft" />
      <bsmv-scorer
        for="draft"
        model="model/manifest.json"
        platform="x"
        view="badge"
        onbsmv-score={(event) => setBsmv(event.detail.bsmv)}
      />
      <output>{bsmv}</output>
    </>
  );
}

function App() {
  const [shown, setShown] = useState(true);
  return (
    <>
      <button type="button" onClick={() => setShown(!shown)}>
        toggle
      </button>
      {shown && <Draft />}
    </>
  );
}

createRoot(document.querySelector("main")).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
