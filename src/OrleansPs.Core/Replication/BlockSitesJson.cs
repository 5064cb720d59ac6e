using System.Text.Json;
using OrleansPs.Core.Specs;

namespace OrleansPs.Core.Replication;

/// <summary>A line of the block map as JSON.</summary>
internal static class BlockSitesJson
{
    public static void Write(Utf8JsonWriter writer, BlockSites sites)
    {
        writer.WriteStartObject();
        writer.WriteNumber("epoch", sites.Epoch);
        writer.WritePropertyName("primary");
        Write(writer, sites.Primary);
        writer.WritePropertyName("standby");
        if (sites.Standby is { } standby) Write(writer, standby);
        else writer.WriteNullValue();
        writer.WriteEndObject();
    }

    public static BlockSites Read(JsonElement element, string path)
    {
        var fields = new JsonFields(element, path);
        var epoch = fields.Int64("epoch");
        var primary = ReadSite(fields.Take("primary"), fields.PathOf("primary"));
        var standby = fields.Optional("standby") is { } found ? ReadSite(found, fields.PathOf("standby")) : null;
        var sites = new BlockSites(epoch, primary, standby);
        fields.End();
        return sites;
    }

    private static void Write(Utf8JsonWriter writer, ReplicaSite site)
    {
        writer.WriteStartObject();
        writer.WriteString("key", site.Key);
        writer.WriteString("silo", site.Silo);
        writer.WriteString("nonce", site.Nonce);
        writer.WriteEndObject();
    }

    private static ReplicaSite ReadSite(JsonElement element, string path)
    {
        var fields = new JsonFields(element, path);
        var (key, silo, nonce) = (fields.Text("key"), fields.Text("silo"), fields.Text("nonce"));
        fields.End();
        return new(key, silo, Guid.TryParse(nonce, out var guid) ? guid : throw JsonFields.Wrong(fields.PathOf("nonce"), "a GUID"));
    }
}
