import type { Plugin } from 'chart.js';
import { chartTheme } from './theme.ts';

/** Draws where the pointer is in another chart. @param cursor that place on the x axis; undefined when there is none */
export function cursorLine(cursor: () => number | undefined): Plugin<'line'> {
  return {
    id: 'cursorLine',
    afterDatasetsDraw: ({ ctx, chartArea, scales: { x } }) => {
      const at = cursor();
      if (!x || at === undefined || at < x.min || at > x.max) return;
      const place = x.getPixelForValue(at);
      ctx.save();
      ctx.strokeStyle = chartTheme().text;
      ctx.lineWidth = 1;
      ctx.setLineDash([3, 3]);
      ctx.beginPath();
      ctx.moveTo(place, chartArea.top);
      ctx.lineTo(place, chartArea.bottom);
      ctx.stroke();
      ctx.restore();
    },
  };
}
