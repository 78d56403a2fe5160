import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { checkHeld, holdFolder } from './held-folder.ts'

const at = temporaryFolder()

async function folderOf(name: string): Promise<string> {
  await mkdir(at(name))
  return at(name)
}

const lockOf = async (folder: string) => JSON.parse(await readFile(join(folder, 'run.lock'), 'utf8')) as object
const locked = { code: 'output.locked' }

/** A folder that was held, with something else in its lock. */
async function heldBy(name: string, change: object): Promise<string> {
  const folder = await folderOf(name)
  await holdFolder(folder)
  await writeFile(join(folder, 'run.lock'), JSON.stringify({ ...(await lockOf(folder)), ...change }))
  return folder
}

/** The number of a process that has ended. */
async function endedProcess(): Promise<number> {
  const child = spawn(process.execPath, ['--version'])
  await once(child, 'close')
  return child.pid!
}

describe('a folder that is held', () => {
  it('is refused to others, naming process and machine, until it is released', async () => {
    const folder = await folderOf('held')
    const held = await holdFolder(folder)
    const message = expect.stringContaining(`process ${process.pid} on '${hostname()}'`)
    await expect(holdFolder(folder)).rejects.toMatchObject({ ...locked, message })
    await expect(checkHeld(folder)).rejects.toMatchObject({ ...locked, message })
    await held.release()
    expect(await readdir(folder)).toEqual([])
    await checkHeld(folder)
    await (await holdFolder(folder)).release()
  })

  it('is held by one of many that come at once', async () => {
    const folder = await folderOf('race')
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => holdFolder(folder)))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const result of results) if (result.status === 'rejected') expect(result.reason).toMatchObject(locked)
    expect(await readdir(folder)).toEqual(['run.lock'])
  })

  it('is not given up by force while its process runs', async () => {
    const folder = await folderOf('running')
    await holdFolder(folder)
    await expect(holdFolder(folder, { force: true })).rejects.toMatchObject(locked)
  })
})

describe('the lock of a process that is gone is taken over', () => {
  it('by its number', async () => {
    const folder = await heldBy('dead', { pid: await endedProcess() })
    const held = await holdFolder(folder)
    expect(await lockOf(folder)).toMatchObject({ pid: process.pid })
    await held.release()
  })

  it('by its start, if the number belongs to another one', async () => {
    const folder = await heldBy('recycled', { start: '1' })
    await checkHeld(folder)
    await (await holdFolder(folder)).release()
  })

  it.skipIf(process.platform !== 'linux')('if the machine was started anew', async () => {
    await holdFolder(await heldBy('restarted', { machine: '00000000', boot: 'another' }))
  })

  it('from another machine by force only', async () => {
    const folder = await heldBy('elsewhere', { machine: '00000000', hostId: '00000000', host: 'far' })
    const refusal = { ...locked, message: expect.stringMatching(/on 'far', since .*--force-unlock/) }
    await expect(holdFolder(folder)).rejects.toMatchObject(refusal)
    const held = await holdFolder(folder, { force: true })
    await held.release()
    expect(await readdir(folder)).toEqual([])
  })

  it('that is damaged by force only', async () => {
    const folder = await folderOf('damaged')
    await writeFile(join(folder, 'run.lock'), '{"pid":')
    await expect(holdFolder(folder)).rejects.toMatchObject(locked)
    await holdFolder(folder, { force: true })
  })
})

it('a lock that was taken over is not released by the one before', async () => {
  const folder = await folderOf('taken')
  const first = await holdFolder(folder)
  await writeFile(join(folder, 'run.lock'), JSON.stringify({ ...(await lockOf(folder)), pid: await endedProcess() }))
  await holdFolder(folder)
  await first.release()
  expect(await readdir(folder)).toEqual(['run.lock'])
})

it('says where it cannot write', async () => {
  await expect(holdFolder(at('nowhere'))).rejects.toMatchObject({ code: 'output.unwritable' })
})
