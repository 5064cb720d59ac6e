using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace OrleansPs.Tools;

/// <summary>A silo's gateway, as an operator writes it: a name or an IP address, and a port.</summary>
internal sealed record GatewayName(string Host, int Port)
{
    /// <summary>Reads HOST:PORT; an IPv6 address stands in brackets.</summary>
    /// <exception cref="FormatException">It is something else.</exception>
    public static GatewayName Parse(string text)
    {
        var colon = text.LastIndexOf(':');
        var host = colon > 0 ? text[..colon] : "";
        var bracketed = host.StartsWith('[') && host.EndsWith(']');
        if (bracketed) host = host[1..^1];
        var named = Uri.CheckHostName(host) is var kind && (bracketed ? kind == UriHostNameType.IPv6 : kind is UriHostNameType.Dns or UriHostNameType.IPv4);
        return named && ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port > 0
            ? new(host, port) : throw new FormatException();
    }

    /// <summary>The addresses that the name has now; Orleans wants no names.</summary>
    /// <exception cref="ServerUnavailableException">It has none.</exception>
    public async Task<IEnumerable<IPEndPoint>> ResolveAsync(CancellationToken cancellationToken)
    {
        try
        {
            var addresses = await Dns.GetHostAddressesAsync(Host, cancellationToken).ConfigureAwait(false);
            return addresses.Select(address => new IPEndPoint(address, Port));
        }
        catch (SocketException e)
        {
            throw new ServerUnavailableException($"The gateway's name '{Host}' can't be resolved: {e.Message.TrimEnd('.')}.", e);
        }
    }
}
