import type { ServerExchange } from '../../../kernel/http.ts'
import type { ProcessContext, Program } from './program.ts'
import { textResponse } from './small-servers.ts'
import { openSql, SqlSession } from './sql/wire.ts'

/** WordPress under Apache: its tables in the database that the environment names, the installation's page until a site has been
 *  set up (POST to /wp-admin/install.php?step=2 with a title), then the site's front page. */
export const wordpress: Program = async (context) => {
  context.useMemory(60 * 1_048_576)
  const stopping = context.untilSignal('WINCH', 'TERM', 'INT')
  if (context.argv[0]?.includes('apache2') && !context.files.exists('/var/www/html/index.php')) {
    await context.stderr.write('WordPress not found in /var/www/html - copying now...\n')
    await context.sleep(400)
    context.files.makeDirectory('/var/www/html/wp-content', { parents: true })
    context.files.write('/var/www/html/index.php', "<?php\ndefine( 'WP_USE_THEMES', true );\nrequire __DIR__ . '/wp-blog-header.php';\n")
    await context.stderr.write('Complete! WordPress has been successfully copied to /var/www/html\n')
  }
  try {
    context.serveHttp(80, (exchange) => void answer(context, exchange))
  } catch {
    await context.stderr.write('(98)Address already in use: AH00072: make_sock: could not bind to address 0.0.0.0:80\n')
    return 1
  }
  await context.stderr.write(`AH00558: apache2: Could not reliably determine the server's fully qualified domain name, using ${context.stack.address}. Set the 'ServerName' directive globally to suppress this message\n`)
  await stopping
  return 0
}

const page = (title: string, body: string): string => `<!DOCTYPE html>\n<html lang="en-US">\n<head><meta charset="UTF-8"><title>${title}</title></head>\n<body>${body}</body>\n</html>\n`
const html = 'text/html; charset=UTF-8'

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`)
}

async function answer(context: ProcessContext, exchange: ServerExchange): Promise<void> {
  const { request } = exchange
  const [path = '/', query = ''] = request.path.split('?')
  const setting = (name: string, otherwise: string): string => {
    const file = context.env.get(`WORDPRESS_DB_${name}_FILE`)
    return context.env.get(`WORDPRESS_DB_${name}`) ?? (file !== undefined && context.files.exists(file) ? context.files.readText(file).trim() : otherwise)
  }
  const [host = '', port = '3306'] = setting('HOST', 'mysql').split(':')
  const respond = (status: number, body: string, headers: Readonly<Record<string, string>> = {}): void => {
    const response = textResponse(status, body, html)
    exchange.respond({ ...response, headers: { ...response.headers, 'x-powered-by': 'PHP/8.3', ...headers } })
    void context.stdout.write(`${exchange.source.address} - - "${request.method} ${request.path} HTTP/1.1" ${status}\n`)
  }
  const session = await openSql(context, host, Number(port))
  const user = setting('USER', 'root')
  const database = setting('NAME', 'wordpress')
  const login = { user, password: setting('PASSWORD', ''), database: '', local: false }
  try {
    if (!(session instanceof SqlSession) || !(await session.ask(login))?.ok) return respond(500, page('Database Error', '<h1>Error establishing a database connection</h1>'))
    await session.ask({ statement: `CREATE DATABASE IF NOT EXISTS ${database}` })
    await session.ask({ statement: `USE ${database}` })
    const found = await session.ask({ statement: "SELECT option_value FROM wp_options WHERE option_name = 'blogname'" })
    const title = found?.ok ? found.outcome.rows?.[0]?.[0] : undefined
    if (path === '/wp-admin/install.php') {
      if (title !== undefined) return respond(200, page('WordPress &rsaquo; Installation', '<h1>Already Installed</h1>'))
      if (!/step=2/.test(query) || request.method !== 'POST') return respond(200, page('WordPress &rsaquo; Installation', '<h1>Welcome</h1><p>Information needed</p><form method="post" action="install.php?step=2"><input name="weblog_title"></form>'))
      const body = request.body instanceof Uint8Array ? new TextDecoder().decode(request.body) : ''
      const name = new URLSearchParams(body).get('weblog_title') ?? 'My Site'
      await session.ask({ statement: 'CREATE TABLE IF NOT EXISTS wp_options (option_id bigint PRIMARY KEY AUTO_INCREMENT, option_name varchar(191), option_value longtext)' })
      await session.ask({ statement: 'CREATE TABLE IF NOT EXISTS wp_posts (ID bigint PRIMARY KEY AUTO_INCREMENT, post_title text, post_content longtext)' })
      await session.ask({ statement: `INSERT INTO wp_options (option_name, option_value) VALUES ('blogname', '${name.replace(/'/g, "''")}')` })
      await session.ask({ statement: "INSERT INTO wp_posts (post_title, post_content) VALUES ('Hello world!', 'Welcome to WordPress.')" })
      return respond(200, page('WordPress &rsaquo; Installation', '<h1>Success!</h1>'))
    }
    if (title === undefined || title === null) return respond(302, '', { location: `http://${request.headers.host ?? ''}/wp-admin/install.php` })
    const posts = await session.ask({ statement: 'SELECT post_title FROM wp_posts ORDER BY ID DESC' })
    const titles = posts?.ok ? (posts.outcome.rows ?? []).map(([each]) => `<h2>${escaped(String(each))}</h2>`).join('') : ''
    return respond(200, page(escaped(String(title)), `<h1>${escaped(String(title))}</h1>${titles}`))
  } finally {
    if (session instanceof SqlSession) session.close()
  }
}
