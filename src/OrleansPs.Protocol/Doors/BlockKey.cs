using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Orleans.Runtime;

namespace OrleansPs.Protocol;

/// <summary>
/// The key of a block's grain: model, block, a nonce drawn for this place, and the silo where it is, such as
/// <c>mnist/3/0f…/10.0.0.1:11111@17</c>; that of a copy of a control record has <c>record</c> for the block.
/// </summary>
internal static class BlockKey
{
    private const int Parts = 4;
    private const string Record = "record";

    public static string Of(string model, int block, Guid nonce, SiloAddress silo) =>
        string.Create(CultureInfo.InvariantCulture, $"{model}/{block}/{nonce:N}/{silo.ToParsableString()}");

    public static string OfRecord(string model, Guid nonce, SiloAddress silo) => $"{model}/{Record}/{nonce:N}/{silo.ToParsableString()}";

    /// <summary>What a block's key says of its silo, as <see cref="SiloAddress.ToParsableString"/> writes it.</summary>
    public static string SiloOf(string key) => key[(key.LastIndexOf('/') + 1)..];

    /// <summary>The silo of a key; false if it is no block's key.</summary>
    public static bool TryGetSilo(string key, [NotNullWhen(true)] out SiloAddress? silo)
    {
        silo = null;
        var parts = key.Split('/');
        if (parts.Length != Parts) return false;
        var isBlock = parts[1] == Record || int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out _);
        if (!isBlock || !Guid.TryParseExact(parts[2], "N", out _)) return false;
        try
        {
            silo = SiloAddress.FromParsableString(parts[^1]);
            return true;
        }
        catch (Exception e) when (e is FormatException or ArgumentException or OverflowException)
        {
            return false;
        }
    }
}
