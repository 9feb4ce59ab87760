// What both charts need: a canvas as sharp as the screen, colours of the style sheet, axes.

const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });

export function short(number) {
  return compact.format(number).replace('-', '−');
}

export function colours() {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue(`--${name}`).trim();
  return { of, heat: of('heat').split(/\s+/) };
}

/** A canvas that is drawn anew when it is asked to be, when it changes its size, and when the colours do. */
export class Chart {
  constructor(canvas, margins) {
    this.canvas = canvas;
    this.margins = margins;
    this.context = canvas.getContext('2d');
    this.colours = colours();
    this.asked = false;
    new ResizeObserver(() => this.redraw()).observe(canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      this.colours = colours();
      this.redraw();
    });
  }

  redraw() {
    if (!this.asked) {
      this.asked = true;
      requestAnimationFrame((now) => {
        this.asked = false;
        this.fit();
        this.draw(now);
      });
    }
  }

  fit() {
    const { clientWidth, clientHeight } = this.canvas;
    const scale = devicePixelRatio;
    const width = Math.round(clientWidth * scale);
    const height = Math.round(clientHeight * scale);
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    this.context.setTransform(scale, 0, 0, scale, 0, 0);
    this.context.clearRect(0, 0, clientWidth, clientHeight);
    const { left, right, top, bottom } = this.margins;
    this.area = {
      left,
      top,
      width: clientWidth - left - right,
      height: clientHeight - top - bottom,
      right: clientWidth - right,
      bottom: clientHeight - bottom,
    };
  }

  /** Draws lines and labels of ticks, each of which is a value and its label. */
  axes({ x, y, xTitle, yTitle, xTicks, yTicks }) {
    const { context, area } = this;
    context.font = '12px system-ui, sans-serif';
    context.fillStyle = this.colours.of('quiet');
    context.strokeStyle = this.colours.of('grid');
    context.lineWidth = 1;
    context.textBaseline = 'middle';
    context.textAlign = 'right';
    for (const [value, label] of yTicks) {
      const at = Math.round(y(value)) + 0.5;
      this.line(area.left, at, area.right, at);
      context.fillText(label, area.left - 8, at);
    }
    context.textBaseline = 'top';
    for (const [value, label] of xTicks) {
      const at = x(value);
      context.textAlign = at > area.right - 12 ? 'right' : 'center';
      context.fillText(label, at > area.right - 12 ? area.right : at, area.bottom + 8);
    }
    context.textAlign = 'center';
    context.fillText(xTitle, area.left + area.width / 2, area.bottom + 26);
    context.textAlign = 'left';
    context.textBaseline = 'alphabetic';
    context.fillText(yTitle, 0, area.top - 10);
  }

  line(x1, y1, x2, y2) {
    this.context.beginPath();
    this.context.moveTo(x1, y1);
    this.context.lineTo(x2, y2);
    this.context.stroke();
  }

  /** Says why there is nothing to see. */
  message(text) {
    const { context, area } = this;
    context.font = '14px system-ui, sans-serif';
    context.fillStyle = this.colours.of('quiet');
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    context.fillText(text, area.left + area.width / 2, area.top + area.height / 2);
  }
}
