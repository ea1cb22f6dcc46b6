import { renderToString } from 'preact-render-to-string';
import type { PageData } from '../model/data/page-data.ts';
import { Page } from './page.tsx';

/** The page as HTML, as it is before the script runs. */
export function draw(data: PageData): string {
  return renderToString(<Page data={data} />);
}
