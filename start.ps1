# Not run by the project's tests, which only parse it: they have no Windows. It starts the server that install.ps1 installed.
#
#     .\start.ps1 [ARGS of "sio-server serve"]
#
# It is in development mode where neither the environment, nor .env, nor an argument configures secrets.
$ErrorActionPreference = "Stop"
Set-Location $PSScriptRoot

$server = ".venv\Scripts\sio-server.exe"
if (-not (Test-Path $server)) {
    $server = (Get-Command sio-server -ErrorAction SilentlyContinue).Source
    if (-not $server) { throw "The server is not installed: run .\install.ps1 first" }
}

$names = "SIO_SERVER_(JWT_SECRET(_PREVIOUS)?|JWKS_URL|PUBLISH_KEYS|CONFIG|DEV)(_FILE)?"
$configured = (Get-ChildItem env: | Where-Object { $_.Name -match "^$names$" -and $_.Value }) -or
    ((Test-Path .env) -and (Select-String -Path .env -Pattern "^\s*(export\s+)?$names\s*=\s*\S")) -or
    ($args -match "^--(config|jwks-url|dev)(=|$)")
$mode = @()
if (-not $configured) { $mode = @("--dev") }

& $server serve @mode @args
exit $LASTEXITCODE
