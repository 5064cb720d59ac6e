using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace OrleansPs.Protocol;

/// <summary>Directories as people write them in a configuration, and names of files for names that know nothing of files.</summary>
internal static partial class DirectoryPath
{
    // A temporary file's name is longer by 37, and file systems take 255 bytes.
    private const int MaxName = 200;

    /// <summary>
    /// What a directory in a configuration means: <c>$NAME</c>, <c>${NAME}</c> and <c>%NAME%</c> are environment variables, a leading
    /// <c>~/</c> is the user's home, and what is relative begins at the current directory.
    /// </summary>
    /// <exception cref="InvalidOptionsException">There is none, or it names a variable that is not set.</exception>
    public static string Expand(string option, string? directory)
    {
        if (string.IsNullOrWhiteSpace(directory))
            throw new InvalidOptionsException(option, directory, "it must name a directory that all silos see.");
        var expanded = Variable().Replace(Environment.ExpandEnvironmentVariables(directory), match => ValueOf(option, directory, match));
        if (expanded == "~" || expanded.StartsWith("~/", StringComparison.Ordinal))
            expanded = Path.Join(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), expanded[1..]);
        try
        {
            return Path.TrimEndingDirectorySeparator(Path.GetFullPath(expanded));
        }
        catch (ArgumentException e)
        {
            throw new InvalidOptionsException(option, directory, $"it can't be a directory's name ({e.Message}).");
        }
    }

    /// <summary>
    /// A file's name for any name. Two names never share one, not even where files differ by more than upper and lower case only; all but
    /// lower case letters, digits, <c>-</c> and <c>_</c> is written as <c>%</c> and the value of its bytes. Too long a name ends as a hash.
    /// </summary>
    public static string NameOf(string name) => NameOf(Encoding.UTF8.GetBytes(name));

    /// <summary>A file's name for a name that may be any bytes.</summary>
    public static string NameOf(ReadOnlySpan<byte> name)
    {
        var escaped = new StringBuilder(name.Length);
        foreach (var value in name)
        {
            if (value is >= (byte)'a' and <= (byte)'z' or >= (byte)'0' and <= (byte)'9' or (byte)'-' or (byte)'_') escaped.Append((char)value);
            else escaped.Append('%').Append(value.ToString("x2", CultureInfo.InvariantCulture));
        }
        if (escaped.Length == 0) return "%";
        if (escaped.Length <= MaxName) return escaped.ToString();
        // No other name has "%=" in it.
        var hash = $"%={Convert.ToHexStringLower(SHA256.HashData(name))}";
        return escaped.ToString(0, MaxName - hash.Length) + hash;
    }

    private static string ValueOf(string option, string directory, Match match)
    {
        var name = match.Groups["name"].Value;
        return Environment.GetEnvironmentVariable(name)
            ?? throw new InvalidOptionsException(option, directory, $"the environment variable {name} is not set.");
    }

    [GeneratedRegex(@"\$(?:(?<name>[A-Za-z_][A-Za-z0-9_]*)|\{(?<name>[A-Za-z_][A-Za-z0-9_]*)\})", RegexOptions.CultureInvariant)]
    private static partial Regex Variable();
}
