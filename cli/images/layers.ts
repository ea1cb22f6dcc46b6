import type { Provision } from '../machine/provision.ts';

/** What a layer holds: folders that replace those of the image (without the first slash) → folders here. Or a tar, as it is. */
export type LayerContent = { folders: Record<string, string> } | { tar: Buffer };

/** An image that a cluster is to get as a layer on top of one that it holds. */
export interface LayerRequest {
  /** Reference that the image gets. */
  ref: string;
  /** References of images that differ from it in this layer alone. */
  bases: readonly string[];
  /** Makes the content, which exists while `body` runs. */
  withContent<T>(body: (content: LayerContent) => Promise<T>): Promise<T>;
  /** Makes the base in the engine where no node holds one, and returns its reference. Absent: the image is built as a whole. */
  makeBase?(): Promise<string>;
}

/** Puts such an image into a cluster; false where the cluster holds none of the bases. */
export type AddLayer = (request: LayerRequest, p: Provision) => Promise<boolean>;
