// The page: what is asked for, what happens, and what is said about it.

import { short } from './chart.js';
import { Density } from './density.js';
import { Flow, NoProducer } from './flow.js';
import { Rates } from './rates.js';

const LIMITS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, Infinity];
const RETRY_MS = 2000;
const LIVE = ['connecting', 'running', 'slowed', 'paused'];

const at = (id) => document.getElementById(id);
const say = (id, text) => {
  const element = at(id);
  if (element.textContent !== text) {
    element.textContent = text;
  }
};
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const one = new Intl.NumberFormat('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const two = new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const rate = (value) => (value > 0 && value < 9.95 ? one : whole).format(value);

const density = new Density(at('density'), at('ramp'), (least, most) => {
  say('least', short(least));
  say('most', short(most));
});
const rates = new Rates(at('rates'));

let flow = new Flow();
let events = null;
let paused = false;
let batches = 0;
let bytes = 0;
let producer = null;
let written = 0;
let began = false;

const limit = () => LIMITS[at('limit').valueAsNumber];

function show(state, name, text) {
  at('state').dataset.state = state;
  say('state-name', name);
  say('state-text', text);
  const live = LIVE.includes(state);
  at('pause').hidden = !live;
  at('pause').disabled = state === 'connecting';
  say('pause', state === 'paused' ? 'Resume' : 'Pause');
  at('again').hidden = live || state === 'unreachable';
  say('again', state === 'lost' ? 'Start another' : 'Start again');
  at('kill').disabled = !live || state === 'connecting';
}

/** Says what the page does while the producer lives. */
function showPace() {
  if (paused) {
    show('paused', 'Paused.', 'The window is full, so the producer waits.');
  } else if (limit() < Infinity) {
    show('slowed', 'Slowed down.', 'The producer follows the pace of this page.');
  } else {
    show('running', 'Running', 'as fast as it goes.');
  }
}

function showLimit() {
  const each = limit() === 1 ? 'batch' : 'batches';
  const text = limit() === Infinity ? 'none, as fast as it goes' : `${limit()} ${each} a second`;
  at('limit').setAttribute('aria-valuetext', text);
  say('limit-text', text);
}

function showLost(state) {
  const how = state.exitCode > 128
    ? `was killed by signal ${state.exitCode - 128}`
    : `has ended with exit code ${state.exitCode}`;
  show('lost', 'Producer lost.', `Process ${state.pid} ${how} before it had written everything.`);
}

function take(batch) {
  if (!began) {
    began = true;
    showPace();
  }
  batches++;
  density.add(batch);
}

function showNumbers() {
  const { rows, delay, distance, beyond } = density;
  say('rows', whole.format(rows));
  say('mean-delay', rows === 0 ? '–' : two.format(delay / rows));
  say('mean-distance', rows === 0 ? '–' : one.format(distance / rows));
  if (rows > 0) {
    say('beyond', `${one.format((100 * beyond) / rows)} % of the flights are beyond the axes.`);
  }
}

function showWindow(used, size) {
  const meter = at('window');
  meter.ariaValueMax = size;
  meter.ariaValueNow = used;
  meter.style.setProperty('--size', size);
  meter.style.setProperty('--used', used);
  say('window-size', String(size));
  say('window-used', String(used));
}

/** Takes what the server tells of the producer, several times a second. */
function follow(progress) {
  producer = progress.producer;
  say('pid', String(producer.pid));
  if (progress.stream) {
    written = progress.stream.chunks;
    bytes = progress.stream.bytes;
    showWindow(progress.stream.windowUsed, progress.stream.window);
  } else {
    showWindow(0, at('window').ariaValueMax);
  }
  const now = rates.add({ at: performance.now(), producer: written, page: batches });
  say('page-rate', rate(now.page));
  say('producer-rate', rate(now.producer));
  say('megabytes', rate(written === 0 ? 0 : (now.page * bytes) / written / 1e6));
  showNumbers();
  if (!producer.alive && LIVE.includes(at('state').dataset.state)) {
    showLost(producer);
    flow.hurry();
  }
}

function followStream(id) {
  events = new EventSource(`producer?stream=${encodeURIComponent(id)}`);
  events.onmessage = (event) => follow(JSON.parse(event.data));
}

/** Finds out why a flow broke off. */
async function explain(error) {
  try {
    const state = await (await fetch('producer', { headers: { Accept: 'application/json' } })).json();
    if (state.alive && !(error instanceof NoProducer) && producer?.pid === state.pid) {
      show('ended', 'Broken off.', 'The server has ended the response.');
    } else {
      showLost(state.alive ? producer ?? state : state);
    }
  } catch {
    show('unreachable', 'Server unreachable.', 'Trying again until it answers.');
    setTimeout(start, RETRY_MS);
  }
}

async function start() {
  flow.stop();
  events?.close();
  const mine = new Flow();
  flow = mine;
  paused = false;
  began = false;
  batches = 0;
  bytes = 0;
  written = 0;
  mine.pace(limit(), paused);
  if (at('state').dataset.state !== 'unreachable') {
    show('connecting', 'Connecting', 'to the server.');
  }
  try {
    await mine.read(at('repeat').value, (id) => {
      density.clear();
      rates.clear();
      followStream(id);
    }, take);
    if (flow === mine) {
      show('ended', 'Ended.', `The producer has written everything: ${whole.format(density.rows)} flights.`);
    }
  } catch (error) {
    if (flow === mine) {
      await explain(error);
    }
  } finally {
    showNumbers();
  }
}

async function again() {
  at('again').disabled = true;
  try {
    if (at('state').dataset.state === 'lost') {
      await fetch('producer', { method: 'POST' });
    }
  } finally {
    at('again').disabled = false;
  }
  await start();
  at('pause').focus();
}

at('pause').addEventListener('click', () => {
  paused = !paused;
  flow.pace(limit(), paused);
  showPace();
});
at('limit').addEventListener('input', () => {
  showLimit();
  flow.pace(limit(), paused);
  if (began && LIVE.includes(at('state').dataset.state)) {
    showPace();
  }
});
at('repeat').addEventListener('change', start);
at('again').addEventListener('click', again);
at('kill').addEventListener('click', () => fetch('producer', { method: 'DELETE' }));

const asked = new URLSearchParams(location.search).get('repeat');
if ([...at('repeat').options].some((option) => option.value === asked)) {
  at('repeat').value = asked;
}
showLimit();
start();
