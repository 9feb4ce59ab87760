// How many batches a second the producer writes, and the page reads, over the last half minute.

import { Chart, short } from './chart.js';

const SHOWN_MS = 30_000;
const SPAN_MS = 1000;
const LEAST_TOP = 4;

export class Rates extends Chart {
  constructor(canvas) {
    super(canvas, { left: 38, right: 10, top: 8, bottom: 42 });
    this.clear();
  }

  clear() {
    this.samples = [];
    this.redraw();
  }

  /** Takes what both have counted so far, and returns the rates of the last second. */
  add(sample) {
    const { samples } = this;
    samples.push(sample);
    let first = samples.length - 1;
    while (first > 0 && sample.at - samples[first].at < SPAN_MS) {
      first--;
    }
    const before = samples[first];
    // events that were held up come together
    const seconds = Math.max(sample.at - before.at, SPAN_MS / 2) / 1000;
    sample.rates = {};
    for (const name of ['producer', 'page']) {
      sample.rates[name] = Math.max(0, (sample[name] - before[name]) / seconds);
    }
    while (samples.length > 2 && sample.at - samples[1].at > SHOWN_MS + SPAN_MS) {
      samples.shift();
    }
    this.redraw();
    return sample.rates;
  }

  draw() {
    const { area, samples } = this;
    const last = samples.length > 0 ? samples[samples.length - 1].at : 0;
    const shown = samples.filter((sample) => last - sample.at <= SHOWN_MS);
    const highest = Math.max(
      LEAST_TOP, ...shown.map(({ rates }) => Math.max(rates.producer, rates.page)));
    const step = niceStep(highest / 4);
    const top = Math.ceil(highest / step) * step;
    const x = (ms) => area.right - ((last - ms) / SHOWN_MS) * area.width;
    const y = (rate) => area.bottom - (rate / top) * area.height;
    const ticks = [];
    for (let rate = 0; rate <= top; rate += step) {
      ticks.push([rate, short(rate)]);
    }
    this.axes({
      x: (seconds) => x(last + seconds * 1000),
      y,
      xTitle: 'seconds',
      yTitle: '',
      xTicks: [-30, -20, -10, 0].map((at) => [at, at === 0 ? 'now' : short(at)]),
      yTicks: ticks,
    });
    this.curve(shown, x, (sample) => y(sample.rates.producer), 'producer', 6);
    this.curve(shown, x, (sample) => y(sample.rates.page), 'reader', 2);
  }

  curve(samples, x, y, colour, width) {
    const { context, area } = this;
    context.save();
    context.beginPath();
    context.rect(area.left, 0, area.width, area.bottom + 1);
    context.clip();
    context.strokeStyle = this.colours.of(colour);
    context.lineWidth = width;
    context.lineJoin = 'round';
    context.beginPath();
    samples.forEach((sample) => context.lineTo(x(sample.at), y(sample)));
    context.stroke();
    context.restore();
  }
}

/** Returns the least of 1, 2, 5, 10, 20, ... that is not below a number. */
function niceStep(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  return Math.max(1, power * [1, 2, 5, 10].find((factor) => factor * power >= least * 0.999));
}
