import manifest from '../../package.json' with { type: 'json' };

/** Version of this client, and of the daemon it would start. */
export const PRODUCT_VERSION: string = manifest.version;
