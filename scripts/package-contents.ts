/** What other people's code a package contains: as a software bill of materials, and as their licences ask. */
import fs from 'node:fs';
import path from 'node:path';
import { bundledPackagesFile, nativePackages, threadedPackages } from './build.ts';

const root = path.resolve(import.meta.dirname, '..');

interface Package {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  /** The text of its licence, when it brings one. */
  readonly text: string;
}

/** The bill of materials (CycloneDX, JSON) and the notices (text) of the built bundles. */
export function describeContents(): { sbom: string; notices: string } {
  const bundled = JSON.parse(fs.readFileSync(bundledPackagesFile, 'utf8')) as string[];
  const apart = [...nativePackages, ...threadedPackages, 'onnxruntime-common'].map(
    name => `node_modules/${name}`,
  );
  const packages = [...new Set([...bundled, ...apart])].sort().map(readPackage);
  return { sbom: sbomOf(packages), notices: packages.map(noticeOf).join('\n') };
}

function readPackage(folder: string): Package {
  const place = path.join(root, folder);
  const { name, version, license } = JSON.parse(fs.readFileSync(path.join(place, 'package.json'), 'utf8'));
  const file = fs.readdirSync(place).find(each => /^(licen[cs]e|copying)/i.test(each));
  const text = file ? fs.readFileSync(path.join(place, file), 'utf8').trim() : '';
  return { name, version, license: String(license), text };
}

function sbomOf(packages: readonly Package[]): string {
  const components = packages.map(({ name, version, license }) => ({
    type: 'library',
    name,
    version,
    purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
    licenses: [{ expression: license }],
  }));
  return `${JSON.stringify({ bomFormat: 'CycloneDX', specVersion: '1.6', version: 1, components }, null, 1)}\n`;
}

function noticeOf({ name, version, license, text }: Package): string {
  return `${name} ${version} (${license})\n\n${text || 'Its package brings no text of the licence.'}\n\n${'-'.repeat(72)}\n`;
}
