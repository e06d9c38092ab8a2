"use strict";
// Work that waits its turn, and the moment when none is left.

const pending = new Set();

// Remembers work until it is done; gives it back.
function tracked(work) {
  pending.add(work);
  const done = () => pending.delete(work);
  work.then(done, done);
  return work;
}

// Drawing waits its turn, so that a page of many charts stays alive between two of them.
let lastInTurn = Promise.resolve();
function inTurn(work) {
  lastInTurn = lastInTurn.then(() => new Promise((go) => setTimeout(go))).then(work).catch((error) => console.error(error));
  return tracked(lastInTurn);
}

// Calls come to rest before the work is done, once, as the last of them asked.
function settled(work, wait = 120) {
  let timer = 0;
  let finish = null;
  return (...given) => {
    clearTimeout(timer);
    if (!finish) tracked(new Promise((go) => { finish = go; }));
    timer = setTimeout(() => {
      work(...given);
      finish();
      finish = null;
    }, wait);
  };
}

// Work put off to the next frame, once, however often it is asked for.
function nextFrame(work) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    tracked(new Promise((go) => requestAnimationFrame(go))).then(() => { waiting = false; work(); });
  };
}

// Resolves when nothing is left to draw or to bring up to date.
async function atRest() {
  do await new Promise((go) => setTimeout(go));
  while (pending.size && (await Promise.allSettled(pending)));
}
