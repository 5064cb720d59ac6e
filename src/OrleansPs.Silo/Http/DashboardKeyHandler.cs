using System.Net.Http.Headers;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace OrleansPs.Silo;

/// <summary>The key that is asked for.</summary>
internal sealed class DashboardKeyOptions : AuthenticationSchemeOptions
{
    public string Key { get; set; } = "";
}

/// <summary>Knows those who bring the key: as a bearer token, or as the password of any user, which a browser asks for.</summary>
internal sealed class DashboardKeyHandler(IOptionsMonitor<DashboardKeyOptions> options, ILoggerFactory logger, UrlEncoder encoder)
    : AuthenticationHandler<DashboardKeyOptions>(options, logger, encoder)
{
    public new const string Scheme = "DashboardKey";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(
        Given(Request.Headers.Authorization.ToString()) is not { } key ? AuthenticateResult.NoResult()
        : Options.Key.Length > 0 && AreEqual(key, Options.Key) ? AuthenticateResult.Success(Ticket())
        : AuthenticateResult.Fail("The key is wrong."));

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.StatusCode = StatusCodes.Status401Unauthorized;
        Response.Headers.WWWAuthenticate = """Basic realm="OrleansPs", charset="UTF-8" """.TrimEnd();
        Response.Headers.Append("WWW-Authenticate", "Bearer");
        return Task.CompletedTask;
    }

    /// <summary>The key of an Authorization header; null where there is none.</summary>
    internal static string? Given(string header)
    {
        if (!AuthenticationHeaderValue.TryParse(header, out var value) || value.Parameter is not { } parameter) return null;
        if (value.Scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase)) return parameter;
        return value.Scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase) ? Password(parameter) : null;
    }

    private static string? Password(string credentials)
    {
        var bytes = new byte[credentials.Length];
        if (!Convert.TryFromBase64String(credentials, bytes, out var length)) return null;
        var text = Encoding.UTF8.GetString(bytes, 0, length);
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? null : text[(colon + 1)..];
    }

    // Hashes have one length, so that the time tells nothing about the key, not even how long it is.
    private static bool AreEqual(string given, string key) =>
        CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(given)), SHA256.HashData(Encoding.UTF8.GetBytes(key)));

    private static AuthenticationTicket Ticket() => new(new ClaimsPrincipal(new ClaimsIdentity(Scheme)), Scheme);
}
