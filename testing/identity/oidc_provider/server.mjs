// A provider of the npm package oidc-provider for tests. Its settings come as JSON on stdin: issuer, port, clients,
// users (claims by name), audience (of access tokens) and seconds (the life of tokens).
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { exportJWK, generateKeyPair } from 'jose'
import Provider from 'oidc-provider'

const settings = JSON.parse(readFileSync(0, 'utf8'))
const RESOURCE = 'urn:airflow:api' // what access tokens are for; their audience is the setting's
const users = new Map(Object.entries(settings.users))
const CLAIMS = ['groups', 'preferred_username', 'email', 'email_verified', 'given_name', 'family_name', 'sid']

async function newKey(alg) {
  const { privateKey } = await generateKeyPair(alg, { extractable: true })
  return { ...(await exportJWK(privateKey)), alg, use: 'sig', kid: `${alg}-key` }
}

const escape = (text) => String(text).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
const page = (title, body) => `<!doctype html><html><head><title>${title}</title></head><body>${body}</body></html>`

const configuration = {
  clients: settings.clients,
  jwks: { keys: [await newKey('RS256'), await newKey('ES256')] },
  cookies: { keys: ['of no importance'] },
  scopes: ['openid', 'offline_access', 'profile', 'email'],
  claims: { openid: ['sub', ...CLAIMS] },
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  rotateRefreshToken: true,
  issueRefreshToken: async (ctx, client) => client.grantTypeAllowed('refresh_token'),
  ttl: { AccessToken: settings.seconds, IdToken: settings.seconds, ClientCredentials: settings.seconds },
  findAccount: async (ctx, name) =>
    users.has(name) ? { accountId: name, claims: async () => ({ sub: name, ...users.get(name) }) } : undefined,
  extraTokenClaims: async (ctx, token) => (token.accountId ? users.get(token.accountId) : { groups: ['machines'] }),
  // Every client may have what it asks for: a page for that would tell nothing about the client.
  loadExistingGrant: async (ctx) => {
    const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId })
    grant.addOIDCScope('openid offline_access profile email')
    grant.addResourceScope(RESOURCE, 'api')
    await grant.save()
    return grant
  },
  // Without the dispatcher, which refuses addresses of this machine, where the tests receive logouts.
  fetch: (url, { dispatcher, ...options }) => globalThis.fetch(url, options),
  interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
  renderError: async (ctx, out) => {
    ctx.type = 'html'
    ctx.body = page('Error', `<h1>${escape(out.error)}</h1><p>${escape(out.error_description)}</p>`)
  },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    revocation: { enabled: true },
    backchannelLogout: { enabled: true },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: async (ctx, form) => {
        const button = '<button type="submit" form="op.logoutForm" value="yes" name="logout">Log out</button>'
        ctx.body = page('Log out', form + button)
      },
      postLogoutSuccessSource: async (ctx) => {
        ctx.body = page('Logged out', '<h1>Logged out at the provider</h1>')
      },
    },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => RESOURCE,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: 'api',
        audience: settings.audience,
        accessTokenTTL: settings.seconds,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
}

const provider = new Provider(settings.issuer, configuration)
provider.proxy = true // nginx may stand in front
const handle = provider.callback()
for (const event of ['backchannel.error', 'server_error']) {
  provider.on(event, (ctx, error) => console.error(event, error))
}

async function readBody(request) {
  const parts = []
  for await (const part of request) parts.push(part)
  return Buffer.concat(parts).toString()
}

// The login: a form with a user's name, and no password.
async function interact(request, response) {
  if (request.method === 'POST') {
    const user = new URLSearchParams(await readBody(request)).get('user')
    if (users.has(user)) return provider.interactionFinished(request, response, { login: { accountId: user } })
  }
  const form = '<form method="post"><label>User <input name="user" autofocus></label><button>Log in</button></form>'
  return response.setHeader('Content-Type', 'text/html').end(page('Log in', form))
}

// What tests do to the users: PUT /test/users with all of them.
async function replaceUsers(request, response) {
  users.clear()
  for (const [name, claims] of Object.entries(JSON.parse(await readBody(request)))) users.set(name, claims)
  return response.end()
}

createServer(async (request, response) => {
  try {
    const { pathname } = new URL(request.url, settings.issuer)
    if (pathname.startsWith('/interaction/')) await interact(request, response)
    else if (pathname === '/test/users' && request.method === 'PUT') await replaceUsers(request, response)
    else await handle(request, response)
  } catch (error) {
    console.error(error)
    if (!response.headersSent) response.statusCode = 500
    response.end()
  }
}).listen(settings.port, '127.0.0.1')
