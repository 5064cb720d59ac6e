using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;

namespace OrleansPs.Train.Report.Pages;

/// <summary>The shell of a page: everything it needs is inside, and nothing is fetched.</summary>
internal static class Page
{
    public static string Compose(string title, params object?[] content)
    {
        var script = Resource("report.js");
        var main = Html.Element("main", null, content);
        return $"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta http-equiv="Content-Security-Policy" content="{PolicyFor(script)}">
            {Html.Print(Html.Element("title", null, title))}
            <style>
            {Resource("charts.css")}
            {Resource("report.css")}</style>
            </head>
            <body>
            {Html.Print(main)}
            <script>{script}</script>
            </body>
            </html>

            """;
    }

    public static string Resource(string name)
    {
        using var reader = new StreamReader(typeof(Page).Assembly.GetManifestResourceStream(name)!, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    /// <summary>What opens a page.</summary>
    public static XElement Header(string title, IEnumerable<string> lead, IEnumerable<string> facts) => Html.Element("header", null,
        Html.Paragraph("OrleansPs training report", "eyebrow"),
        Html.Element("h1", null, title),
        Html.Element("ul", "facts", facts.Where(fact => fact.Length > 0).Select(fact => Html.Element("li", null, fact))),
        lead.Select(text => Html.Paragraph(text, "lead")));

    // Only the page's own script may run, should markup ever get in with a name.
    private static string PolicyFor(string script) =>
        $"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(script)))}'";
}
