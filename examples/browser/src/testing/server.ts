import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { text } from 'node:stream/consumers'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.wasm': 'application/wasm',
}

/** With these a page may share memory between threads. */
const ISOLATED = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
}

export interface ServeOptions {
  /** With the headers of cross-origin isolation. */
  readonly isolated: boolean
  /** The path under which the folder lies, such as `/some/sub/path`; nothing else is there. */
  readonly at: string
}

export interface PageServer {
  /** `http://127.0.0.1:port`, and the path of the folder */
  readonly url: string
  /** The body of the next `POST /report`. */
  nextReport(): Promise<unknown>
  close(): Promise<void>
}

/** Serves a folder as it is. */
export async function serve(folder: string, options: ServeOptions): Promise<PageServer> {
  let hear: (report: unknown) => void = () => undefined
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    if (pathname === '/report') {
      hear(JSON.parse(await text(request)))
      return response.writeHead(204).end()
    }
    const inside = pathname.startsWith(`${options.at}/`) ? pathname.slice(options.at.length) : undefined
    const content = inside && (await readFile(join(folder, inside)).catch(() => undefined))
    if (!content) return response.writeHead(404).end()
    const type = { 'Content-Type': TYPES[extname(pathname)] ?? 'application/octet-stream' }
    return response.writeHead(200, { ...type, ...(options.isolated && ISOLATED) }).end(content)
  }
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.writeHead(500).end())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${options.at}`,
    nextReport: () => new Promise((resolve) => void (hear = resolve)),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
