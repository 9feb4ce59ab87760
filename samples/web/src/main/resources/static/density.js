// How many flights there are of each distance and delay, counted as they arrive.

import { Chart, short } from './chart.js';

const MILES = { from: 0, to: 2750, step: 25 };
const MINUTES = { from: -30, to: 150, step: 3 };
const COLUMNS = (MILES.to - MILES.from) / MILES.step;
const LINES = (MINUTES.to - MINUTES.from) / MINUTES.step;
const MEAN_MILES = 125;
const LEAST_FOR_MEAN = 30;
const SHADES = 256;
const DOTS = 220;
const DOT_LIFE_MS = 900;
const DOT_PAUSE_MS = 150;

const still = matchMedia('(prefers-reduced-motion: reduce)');

export class Density extends Chart {
  constructor(canvas, ramp, onRange) {
    super(canvas, { left: 38, right: 10, top: 26, bottom: 42 });
    this.ramp = ramp;
    this.onRange = onRange;
    this.image = new OffscreenCanvas(COLUMNS, LINES);
    this.clear();
  }

  clear() {
    this.cells = new Float64Array(COLUMNS * LINES);
    const bins = Math.ceil(MILES.to / MEAN_MILES);
    this.sums = new Float64Array(bins);
    this.counts = new Float64Array(bins);
    this.rows = 0;
    this.beyond = 0;
    this.delay = 0;
    this.distance = 0;
    this.dots = [];
    this.redraw();
  }

  add(batch) {
    const delays = batch.getChild('delay').data[0].values;
    const distances = batch.getChild('distance').data[0].values;
    const rows = batch.numRows;
    const { cells, sums, counts } = this;
    let beyond = 0;
    let allDelay = 0;
    let allDistance = 0;
    for (let row = 0; row < rows; row++) {
      const delay = delays[row];
      const distance = distances[row];
      allDelay += delay;
      allDistance += distance;
      const bin = (distance / MEAN_MILES) | 0;
      if (bin < sums.length) {
        sums[bin] += delay;
        counts[bin]++;
      }
      if (distance < MILES.to && delay >= MINUTES.from && delay < MINUTES.to) {
        const line = ((delay - MINUTES.from) / MINUTES.step) | 0;
        cells[line * COLUMNS + ((distance / MILES.step) | 0)]++;
      } else {
        beyond++;
      }
    }
    this.rows += rows;
    this.beyond += beyond;
    this.delay += allDelay;
    this.distance += allDistance;
    this.light(delays, distances, rows);
    this.redraw();
  }

  /** Lights some flights of a batch up, of not too many batches a second. */
  light(delays, distances, rows) {
    const now = performance.now();
    const last = this.dots[this.dots.length - 1];
    if (rows === 0 || (last && now - last.since < DOT_PAUSE_MS)) {
      return;
    }
    const points = [];
    for (let i = 0; i < DOTS; i++) {
      const row = ((i + Math.random()) * rows / DOTS) | 0;
      points.push(distances[row] + Math.random(), delays[row] + Math.random());
    }
    this.dots = this.dots.filter((dots) => now - dots.since < DOT_LIFE_MS);
    this.dots.push({ since: now, points });
  }

  draw(now) {
    const { area, context } = this;
    const x = (miles) => area.left + (miles / MILES.to) * area.width;
    const y = (minutes) =>
      area.bottom - ((minutes - MINUTES.from) / (MINUTES.to - MINUTES.from)) * area.height;
    this.axes({
      x,
      y,
      xTitle: 'distance (miles)',
      yTitle: 'delay (minutes; below 0 is early)',
      xTicks: [0, 500, 1000, 1500, 2000, 2500].map((miles) => [miles, miles.toLocaleString('en')]),
      yTicks: [-30, 0, 30, 60, 90, 120, 150].map((minutes) => [minutes, short(minutes)]),
    });
    if (this.rows === 0) {
      this.message('waiting for the first batch');
      return;
    }
    this.paint();
    context.imageSmoothingEnabled = false;
    context.drawImage(this.image, area.left, area.top, area.width, area.height);
    context.strokeStyle = this.colours.of('quiet');
    context.setLineDash([4, 4]);
    this.line(area.left, Math.round(y(0)) + 0.5, area.right, Math.round(y(0)) + 0.5);
    context.setLineDash([]);
    this.drawMean(x, y);
    this.drawDots(x, y, now);
  }

  /** Paints a pixel for each cell. */
  paint() {
    const context = this.image.getContext('2d');
    const pixels = context.createImageData(COLUMNS, LINES);
    const shades = this.shades();
    let most = 1;
    let least = Infinity;
    for (const count of this.cells) {
      if (count > 0) {
        most = Math.max(most, count);
        least = Math.min(least, count);
      }
    }
    least = Math.min(least, most);
    const scale = (SHADES - 1) / Math.max(Math.log(most / least), 1);
    const words = new Uint32Array(pixels.data.buffer);
    for (let line = 0; line < LINES; line++) {
      for (let column = 0; column < COLUMNS; column++) {
        const count = this.cells[line * COLUMNS + column];
        if (count > 0) {
          words[(LINES - 1 - line) * COLUMNS + column] = shades[(Math.log(count / least) * scale) | 0];
        }
      }
    }
    context.putImageData(pixels, 0, 0);
    this.onRange(least, most);
  }

  /** Returns the colours of few to many, and shows them. */
  shades() {
    const { heat } = this.colours;
    if (this.shadesOf !== heat) {
      const canvas = new OffscreenCanvas(SHADES, 1);
      const context = canvas.getContext('2d');
      const gradient = context.createLinearGradient(0, 0, SHADES, 0);
      heat.forEach((colour, index) => gradient.addColorStop(index / (heat.length - 1), colour));
      context.fillStyle = gradient;
      context.fillRect(0, 0, SHADES, 1);
      this.shadesFound = new Uint32Array(context.getImageData(0, 0, SHADES, 1).data.buffer);
      this.shadesOf = heat;
      const { width, height } = this.ramp;
      this.ramp.getContext('2d').drawImage(canvas, 0, 0, width, height);
    }
    return this.shadesFound;
  }

  drawMean(x, y) {
    const { context } = this;
    context.lineJoin = 'round';
    for (const [colour, width] of [['card', 5], ['mean', 2]]) {
      context.strokeStyle = this.colours.of(colour);
      context.lineWidth = width;
      context.beginPath();
      this.counts.forEach((count, bin) => {
        if (count >= LEAST_FOR_MEAN) {
          context.lineTo(x((bin + 0.5) * MEAN_MILES), y(this.sums[bin] / count));
        }
      });
      context.stroke();
    }
  }

  drawDots(x, y, now) {
    const { context, area } = this;
    context.fillStyle = this.colours.of('dot');
    for (const { since, points } of this.dots) {
      const age = Math.max(0, now - since) / DOT_LIFE_MS;
      if (still.matches ? since !== this.dots[this.dots.length - 1].since : age >= 1) {
        continue;
      }
      context.globalAlpha = still.matches ? 0.7 : 0.9 * (1 - age);
      for (let i = 0; i < points.length; i += 2) {
        const atX = x(points[i]);
        const atY = y(points[i + 1]);
        if (atX < area.right && atY > area.top && atY < area.bottom) {
          context.fillRect(atX - 1, atY - 1, 2.25, 2.25);
        }
      }
      if (!still.matches) {
        this.redraw();
      }
    }
    context.globalAlpha = 1;
  }
}
