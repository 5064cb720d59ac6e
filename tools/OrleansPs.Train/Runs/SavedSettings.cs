using System.Text.Json;

namespace OrleansPs.Train;

/// <summary>
/// The settings of a training, beside its snapshots: a snapshot says where each worker's data goes on, and the settings
/// what that means.
/// </summary>
internal static class SavedSettings
{
    private const string FileName = "train.json";
    private static readonly JsonSerializerOptions s_format = new() { WriteIndented = true };

    public static void Write(string directory, RunSettings settings)
    {
        var path = Path.Combine(directory, FileName);
        try
        {
            File.WriteAllText(path + ".tmp", JsonSerializer.Serialize(settings, settings.GetType(), s_format));
            File.Move(path + ".tmp", path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SnapshotStorageException(path, $"the file can't be written: {e.Message}", transient: false, e);
        }
    }

    /// <summary>Reads them.</summary>
    /// <exception cref="SnapshotStorageException">There are none, or they are damaged.</exception>
    public static T Read<T>(string directory)
        where T : RunSettings
    {
        var path = Path.Combine(directory, FileName);
        try
        {
            return JsonSerializer.Deserialize<T>(File.ReadAllText(path)) ?? throw new JsonException("it is empty.");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new SnapshotStorageException(directory,
                $"there is nothing to resume: it holds no {FileName}. Start without --resume.", transient: false, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new SnapshotStorageException(path, $"the settings of the training can't be read: {e.Message}", transient: false, e);
        }
    }
}
