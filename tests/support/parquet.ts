/** A small Parquet file (Snappy): two columns, `store` and `promo`, of three rows; the last has no `promo`. */
export const SMALL_PARQUET = Buffer.from(
  [
    'UEFSMRUGFRwVIFwVBhUAFQYVABUEFQAAAAMHDCwBAAAAAgAAAAMAAAAVBhUeFSJcFQYVAhUGFQAVBBUAAAADAw0wAwAAAHllcwIAAABubxUEGTxI',
    'BHJvb3QVBAAVAiUCGAVzdG9yZQAVDCUCGAVwcm9tbyUAABYGGRwZLCYIHBUCGRUAGRgFc3RvcmUVAhYGFkYWSiYIAAAmUhwVDBkVABkYBXByb21v',
    'FQIWBhZIFkwmUgAAFo4BFgY2lgEAKAloeXBhcnF1ZXQZLBwAABwAAACCAAAAUEFSMQ==',
  ].join(''),
  'base64',
);
