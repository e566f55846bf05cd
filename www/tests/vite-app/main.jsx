import { initWorker } from "bsmv/worker-scorer";
import { StrictMode, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";

const model = new URL("model/manifest.json", document.baseURI);

/** A scorer for as long as the component is mounted. */
function useScorer() {
  const [scorer, setScorer] = useState();
  useEffect(() => {
    const stop = new AbortController();
    const made = initWorker({ model, signal: stop.signal });
    made.then(setScorer, (error) => stop.signal.aborted || console.error(error));
    return () => {
      stop.abort();
      setScorer(undefined);
      made.then((scorer) => scorer.dispose()).catch(() => {});
    };
  }, []);
  return scorer;
}

function Draft() {
  const scorer = useScorer();
  const [text, setText] = useState("");
  const [bsmv, setBsmv] = useState();
  useEffect(() => {
    if (!scorer || !text) return;
    let current = true;
    scorer.score({ post: { text } }).then(
      (score) => current && setBsmv(score.bsmv),
      (error) => error.code === "superseded" || console.error(error),
    );
    return () => {
      current = false;
    };
  }, [scorer, text]);
  return (
    <>
      <textarea value={text} onChange={(event) => setText(event.target.value)} />
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
