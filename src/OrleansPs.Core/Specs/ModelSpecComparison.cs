using System.Text.Json;

namespace OrleansPs.Core.Specs;

/// <summary>
/// Finds where two specs differ. It walks their canonical JSON, so lists and shapes are compared by content, and nothing
/// that is written can be forgotten.
/// </summary>
public static class ModelSpecComparison
{
    /// <summary>The first difference of two valid specs, such as <c>Parameters['w'].Shape is [2, 3], was [2, 4]</c>.</summary>
    /// <param name="existing">What was.</param>
    /// <param name="given">What is.</param>
    /// <param name="ignoreWorkers">Whether another number of workers is no difference.</param>
    /// <returns>Null if they are the same.</returns>
    public static string? FirstDifference(ModelSpec existing, ModelSpec given, bool ignoreWorkers)
    {
        ArgumentNullException.ThrowIfNull(existing);
        ArgumentNullException.ThrowIfNull(given);
        using var was = JsonFields.Parse(ModelSpecJson.Encode(existing));
        using var now = JsonFields.Parse(ModelSpecJson.Encode(given));
        return OfObjects(was.RootElement, now.RootElement, "", ignoreWorkers ? ["workers", "maxWorkers", "backupWorkers"] : []);
    }

    private static string? Of(JsonElement was, JsonElement now, string path) => (was.ValueKind, now.ValueKind) switch
    {
        (JsonValueKind.Object, JsonValueKind.Object) => OfObjects(was, now, path, []),
        (JsonValueKind.Array, JsonValueKind.Array) when HasObjects(was) && HasObjects(now) => OfLists(was, now, path),
        _ => Show(was) == Show(now) ? null : Different(path, was, now),
    };

    private static string? OfObjects(JsonElement was, JsonElement now, string path, string[] ignored)
    {
        foreach (var field in now.EnumerateObject())
        {
            if (ignored.Contains(field.Name)) continue;
            // Objects of the same type have the same fields, but for those that may be left out; and the type comes first.
            if (!was.TryGetProperty(field.Name, out var before)) return $"{Join(path, field.Name)} is there, was missing";
            if (Of(before, field.Value, Join(path, field.Name)) is { } difference) return difference;
        }
        foreach (var field in was.EnumerateObject())
            if (!ignored.Contains(field.Name) && !now.TryGetProperty(field.Name, out _)) return $"{Join(path, field.Name)} is missing, was there";
        return null;
    }

    private static string? OfLists(JsonElement was, JsonElement now, string path)
    {
        foreach (var (i, (before, after)) in was.EnumerateArray().Zip(now.EnumerateArray()).Index())
        {
            if (Of(before, after, $"{path}{Key(before, after, i)}") is { } difference) return difference;
        }
        return was.GetArrayLength() == now.GetArrayLength()
            ? null
            : $"{path}.Count is {now.GetArrayLength()}, was {was.GetArrayLength()}";
    }

    private static bool HasObjects(JsonElement array) =>
        array.GetArrayLength() == 0 || array[0].ValueKind == JsonValueKind.Object;

    private static string Key(JsonElement was, JsonElement now, int index)
    {
        var name = now.GetProperty("name").GetString();
        return was.GetProperty("name").GetString() == name ? $"['{name}']" : $"[{index}]";
    }

    private static string Join(string path, string field)
    {
        var name = char.ToUpperInvariant(field[0]) + field[1..];
        return path.Length == 0 ? name : $"{path}.{name}";
    }

    private static string Different(string path, JsonElement was, JsonElement now) =>
        $"{path} is {Show(now)}, was {Show(was)}";

    private static string Show(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => "missing",
        JsonValueKind.String => $"'{value.GetString()}'",
        JsonValueKind.Object => value.GetProperty("type").GetString()!,
        _ => value.GetRawText(),
    };
}
