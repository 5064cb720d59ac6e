using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace OrleansPs.Ctl;

/// <summary>What a command says on stdout: text for people, or one JSON document.</summary>
internal sealed class Output(TextWriter writer, bool isTerminal, bool json)
{
    // Into a file or a pipe, no table is broken.
    private const int Unbroken = 1000;

    private static readonly JsonSerializerOptions s_json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Shows a table, or its document.</summary>
    public void Show<T>(T document, Func<IRenderable> table)
    {
        if (json) Write(document);
        else Console().Write(table());
    }

    /// <summary>Says a sentence, or its document.</summary>
    public void Say<T>(T document, string sentence)
    {
        if (json) Write(document);
        else writer.WriteLine(sentence);
    }

    /// <summary>Shows a table that changes, in place where a terminal can do so.</summary>
    public async Task WatchAsync(IRenderable first, Func<Task<Table>> nextAsync)
    {
        var console = Console();
        if (isTerminal && console.Profile.Capabilities.Ansi)
        {
            await console.Live(first).StartAsync(async context =>
            {
                while (true) context.UpdateTarget(await nextAsync().ConfigureAwait(false));
            }).ConfigureAwait(false);
        }
        for (var table = first; ; table = await nextAsync().ConfigureAwait(false)) console.Write(table);
    }

    private void Write<T>(T document) => writer.WriteLine(JsonSerializer.Serialize(document, s_json));

    private IAnsiConsole Console()
    {
        var console = AnsiConsole.Create(new()
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
        });
        if (!isTerminal) console.Profile.Width = Unbroken;
        return console;
    }
}
