"""The commonest words of the languages that people write to a service desk in, for `language.py`.

Function words and what mails begin and end with; a word may stand in several languages and then says less.
"""

from __future__ import annotations

WORDS = {
    "en": "the and to of is in it you that for on with this have not are be my we can i at please hi hello dear"
    " thanks thank from was or but has will your as an if do does when what how no any me our would could there"
    " cannot can't don't it's i'm since help been still after again they he she their which just about",
    "de": "der die das und ist nicht ich sie wir mit auf für ein eine einen dem den des zu von im in es bitte"
    " hallo guten tag danke vielen dank noch auch kann mein meine meinem meiner bei aber wie wird werden hat habe"
    " haben seit nach mehr wenn am an um uns ihnen ihr sehr geehrte geehrter damen herren grüße gruß mir keine kein"
    " leider als oder nur war wieder sich dass da geht liebe lieber einem einer zum zur funktioniert schon jetzt",
    "fr": "le la les des et est pas je vous nous une un pour avec que qui dans sur bonjour merci mon ma mes ce"
    " cette ne du au aux en il elle plus mais ou par votre notre depuis être avoir suis ai peut ça cordialement comme"
    " très bien aussi fait ont sont j'ai n'est c'est d'une quand toujours",
    "es": "el la los las y es no que de en un una por para con mi su se lo hola gracias buenos días pero como más"
    " este esta está he ha tengo puedo favor saludos desde cuando muy también hay nos usted ustedes estimado quiero"
    " del al ya sin sobre buenas tardes hoy",
    "it": "il lo la gli le e è non che di in un una per con mi si sono ho ha buongiorno grazie ma come più questo"
    " questa da dal della nel anche quando saluti vi ci posso essere del al alla i dei funziona oggi ancora",
    "nl": "de het een en is niet ik u we wij met op voor van in te dat die er zijn hebben heb bedankt hallo"
    " goedemorgen groet vriendelijke maar ook kan mijn wordt naar aan om bij geen als nog deze dit wel meer sinds",
    "pt": "o a os as e é não que de em um uma por para com meu minha se obrigado olá bom dia mas como mais este"
    " esta está tenho posso favor desde quando muito também do da no na ao obrigada você já sem pelo hoje",
    "sv": "och att det är inte jag en ett på för med som i av den till vi har kan hej tack men om när från min"
    " mitt hälsningar så ni här eller också sedan fungerar mig vänliga",
    "da": "og at det er ikke jeg en et på for med som i af den til vi har kan hej tak men om når fra min mit hilsen"
    " så der de eller også siden virker mig venlig kunne noget jer",
    "nb": "og at det er ikke jeg en et på for med som i av den til vi har kan hei takk men om når fra min mitt hilsen"
    " så der de eller også siden fungerer meg vennlig noe dere etter",
    "fi": "ja on ei en se että minun minä voi voin ole hei kiitos mutta kun mitä tämä olen ovat oli myös sekä terveisin"
    " ystävällisin sitten vielä kuin jos tai mitään toimi eilen",
    "pl": "i w nie na się z do to że jest jak mam proszę dzień dobry dziękuję ale o od po czy moje mój jestem nam"
    " już przez tego jako tylko nie mogę pozdrawiam są",
    "cs": "a v na se je to že s z do o k ale by si jsem dobrý den děkuji prosím jak mám není jsou nebo už po pro"
    " mi můj moje když tak také pozdravem nejde",
    "sk": "a v na sa je to že s z do o k ale by si som dobrý deň ďakujem prosím ako mám nie sú alebo už po pre mi"
    " môj moje keď tak tiež pozdravom nejde",
    "hu": "a az és nem hogy egy is van meg de ez kérem köszönöm jó napot nekem ha már csak vagy mert volt lehet"
    " üdvözlettel tisztelt nincs sem kell tudok",
    "ro": "și si nu este de la în in cu pe un o că ca mai din pentru bună ziua mulțumesc vă rog am dar sunt nu mi"
    " care când meu mea fost poate",
    "tr": "ve bir bu için ile de da ne çok var yok merhaba teşekkürler lütfen ben benim ama gibi daha olarak değil"
    " mi iyi günler saygılarımla bana sonra kadar oldu",
    "hr": "i u je na se da ne za su s od što kao ali ili sam nije mi moj moja molim hvala dobar dan kako kad već lijep"
    " pozdrav poštovani mogu ima",
    "vi": "và là của không có tôi được cho các một này với trong khi xin chào cảm ơn bạn đã để nhưng rất vui lòng",
    "id": "dan yang di ini itu tidak saya untuk dengan dari ke pada bisa ada akan sudah terima kasih mohon tolong halo"
    " kami anda selamat pagi tetapi karena",
    "ru": "и в не на я что с по это как но у меня мы вы из за для спасибо здравствуйте добрый день пожалуйста от до"
    " был если уже или нет есть он при работает",
    "uk": "і в не на я що з по це як але у мене ми ви із за для дякую вітаю добрий день будь ласка від до був якщо"
    " вже або немає є він при працює та",
    "bg": "и в не на аз че с по това как но у ми ние вие от за да благодаря здравейте добър ден моля до беше ако"
    " вече или няма има съм се работи",
    "el": "και το η ο δεν να για με σε τα της του που είναι στο μου από θα αλλά ευχαριστώ καλημέρα παρακαλώ τον την",
}
SCRIPTS = {  # language -> first and last letter of its script, the most telling first
    "ja": ("\u3040", "\u30ff"),
    "ko": ("\uac00", "\ud7a3"),
    "he": ("\u0590", "\u05ff"),
    "ar": ("\u0600", "\u06ff"),
    "th": ("\u0e00", "\u0e7f"),
    "zh": ("\u4e00", "\u9fff"),
}
LETTERS = {
    "de": "äöüß", "fr": "éèàçêœ", "es": "ñ¿¡ó", "sv": "åäö", "da": "æøå", "nb": "æøå", "pt": "ãõç", "pl": "ąęłśżź",
    "cs": "ěřůž", "sk": "ľĺŕť", "hu": "őű", "ro": "șță", "tr": "ğış", "hr": "đćš", "uk": "їєґі", "ru": "ыэё", "bg": "ъ",
}  # fmt: skip
