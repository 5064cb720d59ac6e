namespace OrleansPs.Train;

/// <summary>Rules that span options, and the errors that break them.</summary>
internal static class Rule
{
    /// <summary>Throws unless a rule holds.</summary>
    /// <exception cref="InvalidOptionsException">It does not.</exception>
    public static void Require(bool holds, string option, object? value, string rule)
    {
        if (!holds) throw new InvalidOptionsException(option, value, rule);
    }

    /// <summary>Checks that a file can be written where an option says, and makes its directory.</summary>
    public static void RequireWritable(string option, string? path)
    {
        if (path is null) return;
        Require(!Directory.Exists(path), option, path, "it must be a file, not a directory.");
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            var existed = File.Exists(path);
            File.Open(path, FileMode.OpenOrCreate, FileAccess.Write).Dispose();
            if (!existed) File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            throw new InvalidOptionsException(option, path, $"the file can't be written: {e.Message}");
        }
    }
}
