import { Inconclusive } from './record.ts';
import { ObjectStorage, S3Server } from './s3.ts';
import type { World } from './world.ts';

/** A place of a suite's own in the bucket of the deployment's S3 server. */
export interface S3Folder {
  /** The storage-proxy's view of it. */
  storage: ObjectStorage;
  /** The server itself. */
  server: S3Server;
  /** What the keys of the suite begin with, without the slash. */
  folder: string;
}

/**
 * Finds the S3 server and gives the suite a folder there, which is emptied after it.
 * Throws {@link Inconclusive} when the server does not answer for its bucket.
 */
export async function s3Folder(world: World, name: string): Promise<S3Folder> {
  const { connection, afterSuite } = world;
  const storage = new ObjectStorage(connection.storageProxy, connection.s3.bucket);
  const server = new S3Server(connection.s3);
  const folder = world.name(name);
  const answer = await server.request('HEAD', '');
  if (!answer.ok) throw new Inconclusive(`the S3 server answers ${answer.status} about its bucket`);
  afterSuite.add(`objects below ${folder}`, async () => {
    for (const key of await server.keys(`${folder}/`)) await server.request('DELETE', key);
  });
  return { storage, server, folder };
}
