using Microsoft.Extensions.Configuration;

namespace OrleansPs.Silo.Tests;

internal static class Settings
{
    /// <summary>The settings that come with the silo, with changes.</summary>
    public static IConfigurationRoot With(params (string Key, string Value)[] changes) => new ConfigurationBuilder()
        .AddJsonFile(Path.Combine(Path.GetDirectoryName(SiloProcess.Program())!, "appsettings.json"))
        .AddInMemoryCollection(changes.Select(change => KeyValuePair.Create(change.Key, (string?)change.Value)))
        .Build();
}
