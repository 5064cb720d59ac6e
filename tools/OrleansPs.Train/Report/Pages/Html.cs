using System.Xml;
using System.Xml.Linq;

namespace OrleansPs.Train.Report.Pages;

/// <summary>The elements that pages are made of. Text becomes text, whatever it contains.</summary>
internal static class Html
{
    public static XElement Element(string name, string? css, params object?[] content)
    {
        var element = new XElement(name, css is null ? null : new XAttribute("class", css), content);
        if (element.IsEmpty) element.Add("");  // A browser takes <div/> for an opening tag.
        return element;
    }

    public static XElement Paragraph(string text, string? css = null) => Element("p", css, text);

    public static XElement Section(string title, params object?[] content) => Element("section", null, Element("h2", null, title), content);

    /// <summary>Adds nothing to the page if there is nothing to say.</summary>
    public static XElement? Optional(string? text, string? css = null) => string.IsNullOrEmpty(text) ? null : Paragraph(text, css);

    /// <summary>The elements as markup, one to a line where that does not change what is seen.</summary>
    public static string Print(XElement root)
    {
        Clean(root);
        using var writer = new StringWriter();
        using (var xml = XmlWriter.Create(writer, new() { OmitXmlDeclaration = true, Indent = true, IndentChars = "", NewLineChars = "\n" }))
        {
            root.WriteTo(xml);
        }

        return writer.ToString();
    }

    // Characters that markup cannot hold, as a control character in a name, become the one that says so.
    private static void Clean(XElement root)
    {
        foreach (var text in root.DescendantNodes().OfType<XText>()) text.Value = Clean(text.Value);
        foreach (var attribute in root.DescendantsAndSelf().Attributes().Where(a => !a.IsNamespaceDeclaration)) attribute.Value = Clean(attribute.Value);
    }

    private static string Clean(string text) => text.All(c => XmlConvert.IsXmlChar(c) && !char.IsSurrogate(c))
        ? text
        : string.Concat(text.EnumerateRunes().Select(rune => rune.Value > 0xFFFF || XmlConvert.IsXmlChar((char)rune.Value) ? rune.ToString() : "\uFFFD"));
}
