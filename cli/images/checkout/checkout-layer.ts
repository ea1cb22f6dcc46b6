import { sourceParts, stateText } from '../backend-ai.ts';
import type { Builder } from '../extras.ts';
import { layOver } from './lay-over.ts';

/** A tar: the layer of the checkout over the packages of an image. @param laid name of that image */
export async function checkoutLayer(builder: Builder, laid: string): Promise<Buffer> {
  const { backendAi, p } = builder;
  const { checkout } = backendAi;
  if (!checkout) throw new Error('the layer of a checkout is made without a checkout');
  const laying = {
    ...{ folder: checkout.folder, version: checkout.version, state: stateText(backendAi) },
    ...{ sources: await sourceParts(checkout), base: await builder.keyOf(laid) },
    image: () => builder.build(laid),
  };
  return layOver(laying, p);
}
